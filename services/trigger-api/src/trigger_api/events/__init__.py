"""Events over HTTP: CloudEvents in, acknowledged by Kafka before they are answered."""

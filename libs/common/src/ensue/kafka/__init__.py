"""The Kafka adapter, the only importer of the Kafka client: topics, publishing, consume loops, tails, trace headers."""

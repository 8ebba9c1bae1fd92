"""Real Apache Kafka, real PostgreSQL and every Ensue service on one machine, from packages alone."""

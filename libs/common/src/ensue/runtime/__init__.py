"""What every service process needs besides its work: clock, ids, settings, logs, metrics, health, start and stop.

Called by the Kafka and PostgreSQL adapters and by each service's composition root; knows neither Kafka nor PostgreSQL.
"""

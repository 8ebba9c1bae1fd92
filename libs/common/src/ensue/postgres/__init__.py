"""PostgreSQL: pool and transactions, named queries, migrations, roles, the outbox. The only importer of the driver.

Called by the services' composition roots and by the modules that hold a service's SQL.
"""

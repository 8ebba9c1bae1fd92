"""What all tests share. `servers`, `topic_prefix` and `database` come from the pytest plugin of `ensue_devstack`."""

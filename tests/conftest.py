"""What all tests share. The fixtures `servers`, `topic_prefix` and `database` come from the plugin of `ensue_devstack`."""

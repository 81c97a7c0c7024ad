-- Who may read what alerts have: behind sync_rights.sql, which takes from everybody what default privileges gave.
GRANT SELECT, INSERT ON xbb._alert_change, xbb._alert_silence, xbb._alert_channel TO pg_database_owner;
GRANT SELECT ON xbb.alert_rule, xbb.alert, xbb.alert_silence, xbb.alert_channel, xbb.alert_message, xbb.alert_evaluated TO PUBLIC;

-- Changes of settings are told to the audit trail, where they are read. Nobody could read these.
DROP TABLE settings_change;

-- By age, for the sweeper.
CREATE INDEX message_age ON message USING brin (create_time);
CREATE INDEX event_age ON event USING brin (time);

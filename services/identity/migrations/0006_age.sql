-- By age, for the sweeper: next to nothing to keep where rows come in the order of their times.
CREATE INDEX audit_event_age ON audit_event USING brin (time);
CREATE INDEX session_age ON session USING brin (expire_time);
CREATE INDEX staff_token_age ON staff_token USING brin (expire_time);

-- Cases are listed by when they were made, which no change of theirs moves: one that changes
-- between two pages is neither missed nor shown twice.
CREATE INDEX case_file_newest ON case_file (organisation_id, create_time DESC, case_id DESC);
DROP INDEX case_file_latest;

-- By age, for the sweeper.
CREATE INDEX deleted_case_age ON deleted_case (delete_time);

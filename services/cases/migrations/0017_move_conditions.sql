-- What clients did in the state that the case stands in, before the conditions of the move held
-- that it makes: ids, the first first.
ALTER TABLE case_place ADD COLUMN waiting_actions text[] NOT NULL DEFAULT '{}';

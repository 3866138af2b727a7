SELECT set_config('gatehouse.organisation_id', '*', true);

-- What the organisation calls a low balance (its settings say so, too), and the line of the ledger
-- with which the balance fell below that: null while it is not low. 0: it has never been otherwise.
ALTER TABLE credit_account ADD COLUMN low_balance bigint NOT NULL DEFAULT 10;
ALTER TABLE credit_account ADD COLUMN low_entry bigint DEFAULT 0;
UPDATE credit_account SET low_entry = NULL WHERE balance >= low_balance;

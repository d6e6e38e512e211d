-- Staff's merges and un-mergings that the journal has not been told yet: written with the change itself, gone once they are durable
-- there, told again after a crash.
CREATE TABLE merge_outbox (
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,          -- the journal's: 3 alias (they are one), 7 part (they are two)
  unit TEXT NOT NULL,
  other TEXT NOT NULL,
  at INTEGER NOT NULL
);

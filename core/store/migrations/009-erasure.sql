-- A customer's erasure under way, taken up again after a crash. Her keys stand here until the last step, and nowhere else then.
CREATE TABLE erasure (
  id TEXT PRIMARY KEY,
  keys TEXT,                      -- JSON array; NULL once everything is done
  step INTEGER NOT NULL,          -- the steps that are done, of people_erasure
  asked_at INTEGER NOT NULL,
  done_at INTEGER,                -- NULL: under way
  keys_n INTEGER NOT NULL,        -- what the receipt tells
  events INTEGER NOT NULL,
  records INTEGER NOT NULL,
  plugins INTEGER NOT NULL
);
-- Who was erased is not collected again: keyed hashes of ids, which tell nobody who it was.
CREATE TABLE suppression (
  hash TEXT PRIMARY KEY,          -- SipHash-2-4 (128 bit) in hex, keyed from DIR/secret
  erasure TEXT NOT NULL,
  at INTEGER NOT NULL
);

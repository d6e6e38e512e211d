-- Who is who: each key points to the one it was joined to, a customer's own to itself. Nothing is rewritten when two
-- customers are merged, so that un-merging gives back what there was.
CREATE TABLE identity (
  id TEXT PRIMARY KEY,
  parent TEXT NOT NULL,
  known INTEGER NOT NULL,         -- 1: a customer's id; 0: an anonymous key
  at INTEGER NOT NULL,
  source TEXT NOT NULL            -- what said so: identify, alias, or who merged
);
CREATE INDEX identity_parent ON identity (parent);
-- Two customers who may be one, for a person to decide.
CREATE TABLE merge_proposal (
  one TEXT NOT NULL,              -- one < other
  other TEXT NOT NULL,
  because TEXT NOT NULL,          -- the key that both were seen with
  at INTEGER NOT NULL,
  PRIMARY KEY (one, other)
);

-- What is known of customers beside the journal. Everything stands under the key it came with: who is one person is said in
-- `identity` alone, so that un-merging gives back what there was.
CREATE TABLE trait (
  customer TEXT NOT NULL,
  name TEXT NOT NULL,
  source INTEGER NOT NULL,        -- 0: told by identify; 1: staff's word, which wins
  value TEXT NOT NULL,            -- JSON; 'null' with source 1: staff took the fact away
  at INTEGER NOT NULL,            -- ms since 1970: since when it is so
  PRIMARY KEY (customer, name, source)
);
-- What a customer is found by: her id, names, e-mail, in lower case.
CREATE TABLE customer_word (
  word TEXT NOT NULL,
  customer TEXT NOT NULL,
  PRIMARY KEY (word, customer)
);
CREATE INDEX customer_word_customer ON customer_word (customer, word);
CREATE TABLE preference (
  customer TEXT PRIMARY KEY,
  body TEXT NOT NULL,             -- JSON as GET /v1/me/preferences gives it
  at INTEGER NOT NULL
);
-- Up to which row of the journal the agents have seen a customer's timeline.
CREATE TABLE seen_mark (
  customer TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL
);
-- The journal's position that a derived store includes; 'people': traits and words.
CREATE TABLE position (name TEXT PRIMARY KEY, seq INTEGER NOT NULL);
INSERT INTO position (name, seq) VALUES ('people', 0);

-- Each change of the catalogue has a number, and each plugin a place behind the last change that it took.
ALTER TABLE product ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
CREATE INDEX product_revision ON product (revision, sku);
CREATE TABLE product_gone (
  sku TEXT PRIMARY KEY,           -- was taken out, and did not come back
  revision INTEGER NOT NULL
);
CREATE INDEX product_gone_revision ON product_gone (revision, sku);
CREATE TABLE product_heard (
  plugin TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  sku TEXT NOT NULL
);

-- Uploaded ids of segments, as sorted 64-bit fingerprints: the newest few lists of each segment, which versions of it name by digest.
CREATE TABLE segment_list (
  segment TEXT NOT NULL,
  digest TEXT NOT NULL,
  n INTEGER NOT NULL,
  used INTEGER NOT NULL,          -- the revision that made it the segment's list, last
  ids BLOB NOT NULL,              -- 8 bytes each, little-endian, ascending
  PRIMARY KEY (segment, digest)
);

-- What each checkpoint saw of each experiment. A row is never changed: a look that was taken stays taken.
CREATE TABLE experiment_look (
    salt       TEXT    NOT NULL, -- which experiment: a key may be used again
    at         INTEGER NOT NULL, -- ms: the checkpoint
    experiment TEXT    NOT NULL, -- its key
    document   TEXT    NOT NULL, -- experiments/judge/looks.h
    PRIMARY KEY (salt, at)
);

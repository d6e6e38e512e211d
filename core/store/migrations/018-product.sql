-- What the shop sells, as its staff import it. Prices are decimal texts, as they came: 18.90.
CREATE TABLE product (
  sku TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  category TEXT NOT NULL,         -- '' where not said, as url, image, price and currency
  url TEXT NOT NULL,
  image TEXT NOT NULL,
  price TEXT NOT NULL,
  currency TEXT NOT NULL,
  available INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
);

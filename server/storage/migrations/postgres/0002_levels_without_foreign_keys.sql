-- The two foreign keys of a level cost more than all else that is written for a new product: PostgreSQL checks them row
-- by row, with a query each. They guarded against a fault of ours alone: products and locations are never deleted, and a
-- level is written only under the lock of its product. The embedded store never had them enforced. `onhand verify`
-- finds a level without its product or location (levels_have_their_names).
--
-- Instances of the version before go on serving; the locks are taken in their order and held for a moment.
LOCK TABLE product, stock_level, location IN ACCESS EXCLUSIVE MODE;
ALTER TABLE stock_level
  DROP CONSTRAINT stock_level_product_fkey,
  DROP CONSTRAINT stock_level_location_fkey;

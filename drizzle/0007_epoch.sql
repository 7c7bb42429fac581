ALTER TABLE "member" ALTER COLUMN "mark_xid" SET DEFAULT '3';--> statement-breakpoint
ALTER TABLE "users" ALTER COLUMN "profile_xid" SET DEFAULT '3';--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "floor_xid" "xid8" DEFAULT '3' NOT NULL;--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "settled" text;--> statement-breakpoint

-- Names the body of data that this server reads: another after a restore (which writes a new meta.epoch, or is another cluster), and after
-- a standby has taken over (another timeline), since either may lack what a client has seen.
CREATE FUNCTION data_epoch() RETURNS text LANGUAGE sql STABLE
RETURN (
  SELECT md5(concat_ws('/', m.epoch, c.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8))) FROM meta m CROSS JOIN pg_control_system() c
);

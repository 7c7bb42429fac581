CREATE TABLE "block" (
	"user_id" bigint NOT NULL,
	"blocked_id" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "block_user_id_blocked_id_pk" PRIMARY KEY("user_id","blocked_id")
);
--> statement-breakpoint
CREATE TABLE "account_leaving" (
	"user_id" bigint NOT NULL,
	"chat_id" bigint NOT NULL,
	"erase" boolean NOT NULL,
	CONSTRAINT "account_leaving_user_id_chat_id_pk" PRIMARY KEY("user_id","chat_id")
);
--> statement-breakpoint
CREATE TABLE "mark_move" (
	"chat_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	"read" boolean NOT NULL,
	"up_to" bigint NOT NULL,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "mark_move_chat_id_user_id_read_up_to_pk" PRIMARY KEY("chat_id","user_id","read","up_to")
);
--> statement-breakpoint
CREATE TABLE "mention" (
	"user_id" bigint NOT NULL,
	"chat_id" bigint NOT NULL,
	"number" bigint NOT NULL,
	CONSTRAINT "mention_user_id_chat_id_number_pk" PRIMARY KEY("user_id","chat_id","number")
);
--> statement-breakpoint
CREATE TABLE "reaction" (
	"chat_id" bigint NOT NULL,
	"number" bigint NOT NULL,
	"emoji" text NOT NULL,
	"user_id" bigint NOT NULL,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "reaction_chat_id_number_emoji_user_id_pk" PRIMARY KEY("chat_id","number","emoji","user_id")
);
--> statement-breakpoint
CREATE TABLE "message_revision" (
	"chat_id" bigint NOT NULL,
	"number" bigint NOT NULL,
	"revision" integer NOT NULL,
	"body" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "message_revision_chat_id_number_revision_pk" PRIMARY KEY("chat_id","number","revision")
);
--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "search_text" text;--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "member_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "invite_code" text;--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "invite_created_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "member" ALTER COLUMN "mark_xid" SET DEFAULT '3';--> statement-breakpoint
ALTER TABLE "member" ADD COLUMN "marked_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "member" ADD COLUMN "muted_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "member" ADD COLUMN "archived" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "member" ADD COLUMN "pinned" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "member" ADD COLUMN "hidden_up_to" bigint;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "body_seq" bigint;--> statement-breakpoint
UPDATE "message" SET "body_seq" = "seq";--> statement-breakpoint
ALTER TABLE "message" ALTER COLUMN "body_seq" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "location" jsonb;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "mentions" bigint[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "reactions" jsonb;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "pinned_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "stream" ADD COLUMN "closed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "availability" text DEFAULT 'AVAILABLE' NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "status_text" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "profile_xid" "xid8" DEFAULT '3' NOT NULL;--> statement-breakpoint
ALTER TABLE "block" ADD CONSTRAINT "block_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "block" ADD CONSTRAINT "block_blocked_id_users_id_fk" FOREIGN KEY ("blocked_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "block_blocked" ON "block" USING btree ("blocked_id");--> statement-breakpoint
CREATE INDEX "reaction_user" ON "reaction" USING btree ("user_id","chat_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "chat_invite_code" ON "chat" USING btree ("invite_code");--> statement-breakpoint
CREATE INDEX "message_pinned" ON "message" USING btree ("chat_id","pinned_at") WHERE "message"."pinned_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "users_external_id" ON "users" USING btree ("external_id");--> statement-breakpoint
CREATE INDEX "users_profile_xid" ON "users" USING btree ("profile_xid");--> statement-breakpoint
UPDATE "chat" SET "member_count" = (SELECT count(*) FROM "member" WHERE "chat_id" = "chat"."id" AND "to_seq" IS NULL),
  "search_text" = ' ' || lower(regexp_replace("title", '\W+', ' ', 'g'));--> statement-breakpoint
INSERT INTO "mark_move" ("chat_id", "user_id", "read", "up_to", "at")
SELECT "chat_id", "user_id", "read", CASE WHEN "read" THEN "read_up_to" ELSE "delivered_up_to" END, "marked_at"
FROM "member" CROSS JOIN (VALUES (true), (false)) AS "kinds" ("read") WHERE CASE WHEN "read" THEN "read_up_to" ELSE "delivered_up_to" END > 0;

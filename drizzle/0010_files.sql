CREATE TABLE "attachment" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"owner_id" bigint,
	"state" text DEFAULT 'PENDING' NOT NULL,
	"kind" text DEFAULT 'FILE' NOT NULL,
	"key" text NOT NULL,
	"file_name" text NOT NULL,
	"mime_type" text NOT NULL,
	"byte_size" bigint,
	"width" integer,
	"height" integer,
	"duration_seconds" real,
	"blurhash" text,
	"thumbnail_size" integer,
	"chat_id" bigint,
	"number" bigint,
	"place" integer DEFAULT 0 NOT NULL,
	"avatar_of" bigint,
	"touched_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "discarded_file" (
	"key" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "upload_use" (
	"user_id" bigint NOT NULL,
	"day" date NOT NULL,
	"files" integer NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "upload_use_user_id_day_pk" PRIMARY KEY("user_id","day")
);
--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "avatar_id" bigint;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "avatar_id" bigint;--> statement-breakpoint
CREATE INDEX "attachment_message" ON "attachment" USING btree ("chat_id","number") WHERE "attachment"."chat_id" is not null;--> statement-breakpoint
CREATE INDEX "attachment_unused" ON "attachment" USING btree ("touched_at") WHERE "attachment"."chat_id" is null and "attachment"."avatar_of" is null;--> statement-breakpoint
CREATE INDEX "attachment_owner" ON "attachment" USING btree ("owner_id") WHERE "attachment"."chat_id" is null;--> statement-breakpoint
CREATE INDEX "attachment_key" ON "attachment" USING btree ("key");
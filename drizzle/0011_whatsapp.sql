CREATE TABLE "contact" (
	"id" bigint PRIMARY KEY DEFAULT nextval('entity_id') NOT NULL,
	"scope" text NOT NULL,
	"phone" text,
	"whatsapp_user_id" text,
	"display_name" text NOT NULL,
	"named" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_delivery" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"digest" "bytea" NOT NULL,
	"body" "bytea",
	"state" text DEFAULT 'PENDING' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"fault" text,
	"done_at" timestamp (3) with time zone,
	"wamids" text[] DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_item" (
	"key" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"name" text PRIMARY KEY NOT NULL,
	"position" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"holder" uuid,
	"leased_until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "whatsapp_media" (
	"attachment_id" bigint PRIMARY KEY NOT NULL,
	"media_id" text NOT NULL,
	"phone_number_id" text NOT NULL,
	"sha256" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_chat" (
	"chat_id" bigint PRIMARY KEY NOT NULL,
	"phone_number_id" text NOT NULL,
	"contact_id" bigint NOT NULL,
	"read_told" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_message" (
	"wamid" text PRIMARY KEY NOT NULL,
	"chat_id" bigint NOT NULL,
	"number" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"part" integer DEFAULT 1 NOT NULL,
	"at" timestamp (3) with time zone,
	"changed_at" timestamp (3) with time zone,
	"revoked" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_send" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"chat_id" bigint NOT NULL,
	"seq" bigint NOT NULL,
	"kind" text NOT NULL,
	"number" bigint NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"part" integer DEFAULT 1 NOT NULL,
	"state" text DEFAULT 'QUEUED' NOT NULL,
	"status" smallint DEFAULT 0 NOT NULL,
	"failure" jsonb,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"called_at" timestamp (3) with time zone,
	"wamid" text,
	"by_phone" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_template_use" (
	"chat_id" bigint NOT NULL,
	"number" bigint NOT NULL,
	"name" text NOT NULL,
	"language" text NOT NULL,
	"parameters" jsonb NOT NULL,
	CONSTRAINT "whatsapp_template_use_chat_id_number_pk" PRIMARY KEY("chat_id","number")
);
--> statement-breakpoint
CREATE TABLE "whatsapp_template" (
	"id" bigint PRIMARY KEY DEFAULT nextval('entity_id') NOT NULL,
	"name" text NOT NULL,
	"language" text NOT NULL,
	"category" text NOT NULL,
	"status" text NOT NULL,
	"body" text NOT NULL,
	"parameter_count" integer NOT NULL,
	"listed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "whatsapp_upload" (
	"attachment_id" bigint NOT NULL,
	"phone_number_id" text NOT NULL,
	"media_id" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "whatsapp_upload_attachment_id_phone_number_id_pk" PRIMARY KEY("attachment_id","phone_number_id")
);
--> statement-breakpoint
ALTER TABLE "chat" ADD COLUMN "assignee_id" bigint;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "cards" jsonb;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "status" smallint;--> statement-breakpoint
ALTER TABLE "message" ADD COLUMN "failure" jsonb;--> statement-breakpoint
ALTER TABLE "meta" ADD COLUMN "inbox_id" bigint DEFAULT nextval('entity_id') NOT NULL;--> statement-breakpoint
ALTER TABLE "stream" ADD COLUMN "outside_id" bigint;--> statement-breakpoint
ALTER TABLE "stream" ADD COLUMN "writable_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "agent_since" timestamp (3) with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "contact_phone" ON "contact" USING btree ("scope","phone");--> statement-breakpoint
CREATE UNIQUE INDEX "contact_whatsapp_user_id" ON "contact" USING btree ("scope","whatsapp_user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "whatsapp_delivery_digest" ON "whatsapp_delivery" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "whatsapp_delivery_open" ON "whatsapp_delivery" USING btree ("id") WHERE "whatsapp_delivery"."state" = 'PENDING';--> statement-breakpoint
CREATE INDEX "whatsapp_delivery_done" ON "whatsapp_delivery" USING btree ("done_at") WHERE "whatsapp_delivery"."state" = 'DONE';--> statement-breakpoint
CREATE INDEX "whatsapp_delivery_wamids" ON "whatsapp_delivery" USING gin ("wamids");--> statement-breakpoint
CREATE INDEX "whatsapp_item_at" ON "whatsapp_item" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "whatsapp_chat_contact" ON "whatsapp_chat" USING btree ("contact_id","phone_number_id");--> statement-breakpoint
CREATE INDEX "whatsapp_message_number" ON "whatsapp_message" USING btree ("chat_id","number");--> statement-breakpoint
CREATE UNIQUE INDEX "whatsapp_send_event" ON "whatsapp_send" USING btree ("chat_id","seq","part");--> statement-breakpoint
CREATE INDEX "whatsapp_send_number" ON "whatsapp_send" USING btree ("chat_id","number");--> statement-breakpoint
CREATE INDEX "whatsapp_send_open" ON "whatsapp_send" USING btree ("chat_id","id") WHERE "whatsapp_send"."state" <> 'DONE';--> statement-breakpoint
CREATE UNIQUE INDEX "whatsapp_template_name" ON "whatsapp_template" USING btree ("name","language");--> statement-breakpoint
ALTER TABLE "chat" ADD CONSTRAINT "chat_assignee_id_users_id_fk" FOREIGN KEY ("assignee_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "chat_assignee" ON "chat" USING btree ("assignee_id");--> statement-breakpoint
CREATE INDEX "stream_outside" ON "stream" USING btree ("id") WHERE "stream"."outside_id" is not null;--> statement-breakpoint
CREATE INDEX "users_agents" ON "users" USING btree ("id") WHERE "users"."agent_since" is not null;--> statement-breakpoint
-- Chats with people outside. One stream, the inbox, is read by all who answer them.
INSERT INTO stream (id) SELECT inbox_id FROM meta;--> statement-breakpoint
UPDATE users SET agent_since = now() WHERE 'AGENT' = ANY (roles) AND deleted_at IS NULL;--> statement-breakpoint
INSERT INTO outbox (name) VALUES ('whatsapp-in'), ('whatsapp-media'), ('whatsapp-out');--> statement-breakpoint

-- The members of each chat, and, of a chat with a person outside, those who answer such chats by their role: without a row of their own until its
-- first use. See `membersAndAgents` and `readers` in src/chat/table.ts.
CREATE VIEW chat_member AS
SELECT chat_id, user_id, role, joined_at, from_seq, to_seq, history_from, delivered_up_to, read_up_to, mark_xid, marked_at, muted_until, archived, pinned, hidden_up_to FROM member
UNION ALL
SELECT s.id, u.id, 'MEMBER', u.agent_since, 1, NULL, 1, 0, 0, '3'::xid8, u.agent_since, NULL, false, false, NULL
FROM users u CROSS JOIN stream s
WHERE u.agent_since IS NOT NULL AND s.outside_id IS NOT NULL AND NOT EXISTS (SELECT FROM member m WHERE m.chat_id = s.id AND m.user_id = u.id);--> statement-breakpoint
CREATE VIEW chat_reader AS
SELECT * FROM chat_member
UNION ALL
SELECT s.id, s.outside_id, 'MEMBER', s.last_at, 1, NULL, 1, 0, 0, '3'::xid8, s.last_at, NULL, false, false, NULL FROM stream s WHERE s.outside_id IS NOT NULL;--> statement-breakpoint

-- As before, and besides: chats with people outside, and cards.
DROP FUNCTION send_messages(jsonb, boolean);--> statement-breakpoint

-- Sends messages: locks, checks, numbers and stores them, all in one call.
--
-- VOLATILE in READ COMMITTED, so that each statement below sees what was committed before it began: the streams are locked first,
-- and only a later statement checks. (One single statement would keep the snapshot from before its wait for the lock: a member removed
-- meanwhile could still write.) One call from the client, so that a client that dies cannot hold the locks.
--
-- items: [{ord, chat_id, sender_id, client_id, client_hash (hex), kind, body, reply_to, forwarded, location, mentions}], ord counting up from 1; what is
--   left out is null; so is sender_id of what one of us said to a person outside from elsewhere. Of the mentioned users those are kept who are members at that moment.
-- wait: false leaves out the chats whose stream somebody else holds just now; their items answer BUSY.
-- outcome: CREATED · DUPLICATE (chat_id, number and seq of the message that is there) · CONFLICT (the clientId was used for other content)
--   · NO_CHAT (no such chat for this sender) · CLOSED (a direct chat of two of whom one has blocked the other, or is gone) · WINDOW (to the person outside only a template may be sent now)
--   · NO_REPLY (no such message to reply to) · BUSY · AGAIN (repeats an earlier item of this call: ask again)
-- status: of a CREATED message in a chat with a person outside, see OUTSIDE_STATUSES in src/message/domain.ts; null elsewhere.
-- at, mentions: of a CREATED message, when it was sent and which members it mentions. xid: of this call.
CREATE FUNCTION send_messages(items jsonb, wait boolean)
RETURNS TABLE (ord integer, outcome text, chat_id bigint, number bigint, seq bigint, xid xid8, at timestamptz, mentions bigint[], status smallint)
-- What the planner may guess of a call's chats would make it plan each call anew, at more than the call itself costs.
LANGUAGE plpgsql VOLATILE ROWS 100 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  locked bigint[];
  heads bigint[];
  numbers bigint[];
  shut boolean[];
  outsiders bigint[];
  windows timestamptz[];
BEGIN
  -- What a locking statement answers of a row is what it is under the lock.
  IF wait THEN
    SELECT array_agg(l.id), array_agg(l.head_seq), array_agg(l.message_no), array_agg(l.closed), array_agg(l.outside_id), array_agg(l.writable_until)
    INTO locked, heads, numbers, shut, outsiders, windows
    FROM (
      SELECT s.id, s.head_seq, s.message_no, s.closed, s.outside_id, s.writable_until FROM stream s
      WHERE s.id = ANY (ARRAY(SELECT (i ->> 'chat_id')::bigint FROM jsonb_array_elements(items) AS i)) ORDER BY s.id FOR UPDATE
    ) AS l;
  ELSE
    SELECT array_agg(l.id), array_agg(l.head_seq), array_agg(l.message_no), array_agg(l.closed), array_agg(l.outside_id), array_agg(l.writable_until)
    INTO locked, heads, numbers, shut, outsiders, windows
    FROM (
      SELECT s.id, s.head_seq, s.message_no, s.closed, s.outside_id, s.writable_until FROM stream s
      WHERE s.id = ANY (ARRAY(SELECT (i ->> 'chat_id')::bigint FROM jsonb_array_elements(items) AS i)) ORDER BY s.id FOR UPDATE SKIP LOCKED
    ) AS l;
  END IF;

  RETURN QUERY
  WITH item AS (
    SELECT i.*, decode(i.client_hash, 'hex') AS hash,
      row_number() OVER (PARTITION BY i.sender_id, i.client_id ORDER BY i.ord) AS occurrence
    FROM jsonb_to_recordset(items) AS i (ord integer, chat_id bigint, sender_id bigint, client_id uuid, client_hash text, kind smallint, body text, reply_to bigint,
      forwarded boolean, location jsonb, mentions bigint[], cards jsonb)
  ),
  held AS (SELECT * FROM unnest(locked, heads, numbers, shut, outsiders, windows) AS h (id, head_seq, message_no, closed, outside_id, writable_until)),
  checked AS (
    SELECT i.*, h.head_seq, h.message_no, h.outside_id, earlier.chat_id AS earlier_chat, earlier.number AS earlier_number, earlier.seq AS earlier_seq,
      CASE
        WHEN earlier.number IS NOT NULL THEN CASE WHEN earlier.client_hash = i.hash THEN 'DUPLICATE' ELSE 'CONFLICT' END
        WHEN i.occurrence > 1 AND i.client_id IS NOT NULL THEN 'AGAIN'
        WHEN h.id IS NULL THEN CASE WHEN NOT wait AND (SELECT s.id FROM stream s WHERE s.id = i.chat_id) IS NOT NULL THEN 'BUSY' ELSE 'NO_CHAT' END
        WHEN h.outside_id IS NULL AND m.history_from IS NULL THEN 'NO_CHAT'
        -- With a person outside: they, one of us from elsewhere, or whoever answers such chats by their role.
        WHEN i.sender_id <> h.outside_id AND (SELECT u.agent_since FROM users u WHERE u.id = i.sender_id) IS NULL THEN 'NO_CHAT'
        WHEN h.closed THEN 'CLOSED'
        -- 8: TEMPLATE
        WHEN i.sender_id <> h.outside_id AND i.kind <> 8 AND coalesce(h.writable_until <= clock_timestamp(), true) THEN 'WINDOW'
        WHEN i.reply_to IS NOT NULL AND NOT EXISTS (
          SELECT FROM message r WHERE r.chat_id = i.chat_id AND r.number = i.reply_to AND r.number >= coalesce(m.history_from, 1)
        ) THEN 'NO_REPLY'
        ELSE 'CREATED'
      END AS outcome
    FROM item i
    LEFT JOIN held h ON h.id = i.chat_id
    LEFT JOIN LATERAL (SELECT * FROM message e WHERE e.sender_id = i.sender_id AND e.client_id = i.client_id LIMIT 1) AS earlier ON true
    LEFT JOIN LATERAL (SELECT x.history_from FROM member x WHERE x.chat_id = i.chat_id AND x.user_id = i.sender_id AND x.to_seq IS NULL LIMIT 1) AS m ON true
  ),
  numbered AS (
    SELECT c.*, c.message_no + row_number() OVER w AS new_number, c.head_seq + row_number() OVER w AS new_seq, clock_timestamp()::timestamptz(3) AS now,
      CASE WHEN c.mentions IS NULL THEN '{}' ELSE
        (SELECT coalesce(array_agg(m.user_id ORDER BY m.user_id), '{}') FROM member m WHERE m.chat_id = c.chat_id AND m.user_id = ANY (c.mentions) AND m.to_seq IS NULL)
      END AS mentioned,
      CASE WHEN c.outside_id IS NULL THEN NULL WHEN c.sender_id = c.outside_id THEN 3 WHEN c.sender_id IS NULL THEN 1 ELSE 0 END::smallint AS status
    FROM checked c
    WHERE c.outcome = 'CREATED'
    WINDOW w AS (PARTITION BY c.chat_id ORDER BY c.ord)
  ),
  moved AS (
    UPDATE stream s SET head_seq = s.head_seq + n.count, message_no = s.message_no + n.count, last_at = n.now,
      max_xid = greatest(s.max_xid, pg_current_xact_id())
    FROM (SELECT n.chat_id, count(*) AS count, max(n.now) AS now FROM numbered n GROUP BY n.chat_id) AS n
    WHERE s.id = n.chat_id
  ),
  stored AS (
    INSERT INTO message (chat_id, number, seq, body_seq, sender_id, client_id, client_hash, kind, body, reply_to, forwarded, location, mentions, cards, status, created_at)
    SELECT n.chat_id, n.new_number, n.new_seq, n.new_seq, n.sender_id, n.client_id, n.hash, n.kind, n.body, n.reply_to,
      coalesce(n.forwarded, false), nullif(n.location, 'null'::jsonb), n.mentioned, nullif(n.cards, 'null'::jsonb), n.status, n.now
    FROM numbered n
  ),
  mentioned AS (
    -- Whoever names themselves need not be told.
    INSERT INTO mention (user_id, chat_id, number)
    SELECT u.id, n.chat_id, n.new_number FROM numbered n CROSS JOIN unnest(n.mentioned) AS u (id) WHERE u.id <> n.sender_id
  ),
  logged AS (
    -- kind 10 is MESSAGE_ADDED, see src/event/types.ts
    INSERT INTO event (stream_id, seq, kind, actor_id, ref_id, rev, at)
    SELECT n.chat_id, n.new_seq, 10, n.sender_id, n.new_number, 1, n.now FROM numbered n
  )
  SELECT c.ord, c.outcome, coalesce(n.chat_id, c.earlier_chat), coalesce(n.new_number, c.earlier_number), coalesce(n.new_seq, c.earlier_seq), pg_current_xact_id(),
    n.now, n.mentioned, n.status
  FROM checked c LEFT JOIN numbered n ON n.ord = c.ord;
END $$;
--> statement-breakpoint

-- As before; chats with somebody outside go the long way.
DROP FUNCTION send_message(jsonb, boolean);--> statement-breakpoint
CREATE FUNCTION send_message(item jsonb, wait boolean)
RETURNS TABLE (ord integer, outcome text, chat_id bigint, number bigint, seq bigint, xid xid8, at timestamptz, mentions bigint[], status smallint)
LANGUAGE plpgsql VOLATILE ROWS 1 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  sent record;
  chat record;
BEGIN
  SELECT i.*, decode(i.client_hash, 'hex') AS hash INTO sent
  FROM jsonb_to_record(item) AS i (chat_id bigint, sender_id bigint, client_id uuid, client_hash text, kind smallint, body text, reply_to bigint,
    forwarded boolean, location jsonb, mentions bigint[]);
  IF sent.reply_to IS NULL AND sent.mentions IS NULL THEN
    IF wait THEN
      SELECT s.head_seq + 1 AS seq, s.message_no + 1 AS number, s.closed, s.outside_id INTO chat FROM stream s WHERE s.id = sent.chat_id FOR UPDATE;
    ELSE
      SELECT s.head_seq + 1 AS seq, s.message_no + 1 AS number, s.closed, s.outside_id INTO chat FROM stream s WHERE s.id = sent.chat_id FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT chat.closed AND chat.outside_id IS NULL
      AND EXISTS (SELECT FROM member m WHERE m.chat_id = sent.chat_id AND m.user_id = sent.sender_id AND m.to_seq IS NULL)
      AND NOT EXISTS (SELECT FROM message m WHERE m.sender_id = sent.sender_id AND m.client_id = sent.client_id)
    THEN
      -- Nobody else's message of this chat is older: its time is taken under the lock.
      at := clock_timestamp()::timestamptz(3);
      UPDATE stream s SET head_seq = chat.seq, message_no = chat.number, last_at = at, max_xid = greatest(s.max_xid, pg_current_xact_id()) WHERE s.id = sent.chat_id;
      INSERT INTO message (chat_id, number, seq, body_seq, sender_id, client_id, client_hash, kind, body, forwarded, location, created_at)
      VALUES (sent.chat_id, chat.number, chat.seq, chat.seq, sent.sender_id, sent.client_id, sent.hash, sent.kind, sent.body, coalesce(sent.forwarded, false),
        nullif(sent.location, 'null'::jsonb), at);
      -- kind 10 is MESSAGE_ADDED, see src/event/types.ts
      INSERT INTO event (stream_id, seq, kind, actor_id, ref_id, rev, at) VALUES (sent.chat_id, chat.seq, 10, sent.sender_id, chat.number, 1, at);
      ord := 1; outcome := 'CREATED'; chat_id := sent.chat_id; number := chat.number; seq := chat.seq; xid := pg_current_xact_id(); mentions := '{}';
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  RETURN QUERY SELECT * FROM send_messages(jsonb_build_array(item), wait);
END $$;
--> statement-breakpoint

-- Search as before, and through the chats that somebody reads by their role.
DO $$ BEGIN EXECUTE replace(pg_get_functiondef('search_messages'::regproc), 'FROM member m WHERE', 'FROM chat_member m WHERE'); END $$;

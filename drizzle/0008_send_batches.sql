-- As before, and it answers all that the caller needs to show what was sent, so that nothing is read afterwards; each item looks for its rows by
-- itself, so that the plan is the same whatever the size of tables and calls; and a chat that does not exist is never BUSY.
DROP FUNCTION send_messages(jsonb, boolean);--> statement-breakpoint

-- Sends messages: locks, checks, numbers and stores them, all in one call.
--
-- VOLATILE in READ COMMITTED, so that each statement below sees what was committed before it began: the streams are locked first,
-- and only a later statement checks. (One single statement would keep the snapshot from before its wait for the lock: a member removed
-- meanwhile could still write.) One call from the client, so that a client that dies cannot hold the locks.
--
-- items: [{ord, chat_id, sender_id, client_id, client_hash (hex), kind, body, reply_to, forwarded, location, mentions}], ord counting up from 1; what is
--   left out is null. Of the mentioned users those are kept who are members at that moment.
-- wait: false leaves out the chats whose stream somebody else holds just now; their items answer BUSY.
-- outcome: CREATED · DUPLICATE (chat_id, number and seq of the message that is there) · CONFLICT (the clientId was used for other content)
--   · NO_CHAT (no such chat for this sender) · CLOSED (a direct chat of two of whom one has blocked the other, or is gone) · NO_REPLY (no such message to reply to) · BUSY · AGAIN (repeats an earlier item of this call: ask again)
-- at, mentions: of a CREATED message, when it was sent and which members it mentions. xid: of this call.
CREATE FUNCTION send_messages(items jsonb, wait boolean)
RETURNS TABLE (ord integer, outcome text, chat_id bigint, number bigint, seq bigint, xid xid8, at timestamptz, mentions bigint[])
-- What the planner may guess of a call's chats would make it plan each call anew, at more than the call itself costs.
LANGUAGE plpgsql VOLATILE ROWS 100 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  locked bigint[];
  heads bigint[];
  numbers bigint[];
  shut boolean[];
BEGIN
  -- What a locking statement answers of a row is what it is under the lock.
  IF wait THEN
    SELECT array_agg(l.id), array_agg(l.head_seq), array_agg(l.message_no), array_agg(l.closed) INTO locked, heads, numbers, shut
    FROM (
      SELECT s.id, s.head_seq, s.message_no, s.closed FROM stream s
      WHERE s.id = ANY (ARRAY(SELECT (i ->> 'chat_id')::bigint FROM jsonb_array_elements(items) AS i)) ORDER BY s.id FOR UPDATE
    ) AS l;
  ELSE
    SELECT array_agg(l.id), array_agg(l.head_seq), array_agg(l.message_no), array_agg(l.closed) INTO locked, heads, numbers, shut
    FROM (
      SELECT s.id, s.head_seq, s.message_no, s.closed FROM stream s
      WHERE s.id = ANY (ARRAY(SELECT (i ->> 'chat_id')::bigint FROM jsonb_array_elements(items) AS i)) ORDER BY s.id FOR UPDATE SKIP LOCKED
    ) AS l;
  END IF;

  RETURN QUERY
  WITH item AS (
    SELECT i.*, decode(i.client_hash, 'hex') AS hash,
      row_number() OVER (PARTITION BY i.sender_id, i.client_id ORDER BY i.ord) AS occurrence
    FROM jsonb_to_recordset(items) AS i (ord integer, chat_id bigint, sender_id bigint, client_id uuid, client_hash text, kind smallint, body text, reply_to bigint,
      forwarded boolean, location jsonb, mentions bigint[])
  ),
  held AS (SELECT * FROM unnest(locked, heads, numbers, shut) AS h (id, head_seq, message_no, closed)),
  checked AS (
    SELECT i.*, h.head_seq, h.message_no, earlier.chat_id AS earlier_chat, earlier.number AS earlier_number, earlier.seq AS earlier_seq,
      CASE
        WHEN earlier.number IS NOT NULL THEN CASE WHEN earlier.client_hash = i.hash THEN 'DUPLICATE' ELSE 'CONFLICT' END
        WHEN i.occurrence > 1 THEN 'AGAIN'
        WHEN h.id IS NULL THEN CASE WHEN NOT wait AND (SELECT s.id FROM stream s WHERE s.id = i.chat_id) IS NOT NULL THEN 'BUSY' ELSE 'NO_CHAT' END
        WHEN m.history_from IS NULL THEN 'NO_CHAT'
        WHEN h.closed THEN 'CLOSED'
        WHEN i.reply_to IS NOT NULL AND NOT EXISTS (
          SELECT FROM message r WHERE r.chat_id = i.chat_id AND r.number = i.reply_to AND r.number >= m.history_from
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
      END AS mentioned
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
    INSERT INTO message (chat_id, number, seq, body_seq, sender_id, client_id, client_hash, kind, body, reply_to, forwarded, location, mentions, created_at)
    SELECT n.chat_id, n.new_number, n.new_seq, n.new_seq, n.sender_id, n.client_id, n.hash, n.kind, n.body, n.reply_to,
      coalesce(n.forwarded, false), nullif(n.location, 'null'::jsonb), n.mentioned, n.now
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
    n.now, n.mentioned
  FROM checked c LEFT JOIN numbered n ON n.ord = c.ord;
END $$;

-- Sends one message as `send_messages` does, in plain statements: a call that carries one is made where little is going on, and there a large
-- statement takes longer to be begun than to be run. Only the usual case is seen to here, a first send by a member into an open chat
-- that answers and mentions nothing; with all else `send_messages` is asked, which alone says what is wrong.
--
-- VOLATILE in READ COMMITTED, as there: the stream is locked first, and only later statements check.
CREATE FUNCTION send_message(item jsonb, wait boolean)
RETURNS TABLE (ord integer, outcome text, chat_id bigint, number bigint, seq bigint, xid xid8, at timestamptz, mentions bigint[])
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
      SELECT s.head_seq + 1 AS seq, s.message_no + 1 AS number, s.closed INTO chat FROM stream s WHERE s.id = sent.chat_id FOR UPDATE;
    ELSE
      SELECT s.head_seq + 1 AS seq, s.message_no + 1 AS number, s.closed INTO chat FROM stream s WHERE s.id = sent.chat_id FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT chat.closed
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

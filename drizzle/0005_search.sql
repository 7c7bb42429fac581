-- Search in messages. What is found and how it is asked for: docs/search.md.
CREATE EXTENSION IF NOT EXISTS unaccent;--> statement-breakpoint
CREATE TEXT SEARCH CONFIGURATION parley (COPY = simple);--> statement-breakpoint
-- No language: no word is left out, none loses its ending, only accents and case do not count.
ALTER TEXT SEARCH CONFIGURATION parley
  ALTER MAPPING FOR asciiword, word, numword, asciihword, hword, numhword, hword_asciipart, hword_part, hword_numpart WITH unaccent, simple;--> statement-breakpoint

-- A text as its words are read: signs between words become spaces, so that no address or path is taken for one word, and each character
-- of Chinese and Japanese stands alone, because nothing there tells words apart. src/message/search-words.ts reads texts the same way.
CREATE FUNCTION message_text(body text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(
  regexp_replace(body, '[!-/:-@[-`{-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f\u3000-\u3004\u3008-\u3020\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+', ' ', 'g'),
  '[\u3005-\u3007\u3041-\u3096\u309d-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]', ' \& ', 'g');--> statement-breakpoint

CREATE FUNCTION message_words(body text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('parley', message_text(body));--> statement-breakpoint

-- What the index holds of a message: its words, its chat (@c) and its sender (@s); nothing of a deleted one. No word holds an @.
CREATE FUNCTION message_keys(chat_id bigint, sender_id bigint, body text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(ARRAY['@c' || to_hex(chat_id), '@s' || coalesce(to_hex(sender_id), '')]) || message_words(body);--> statement-breakpoint

CREATE INDEX "message_newest" ON "message" USING btree ("created_at","chat_id","number");--> statement-breakpoint
CREATE INDEX "message_search" ON "message" USING gin (message_keys("chat_id", "sender_id", "body")) WITH (gin_pending_list_limit=256);--> statement-breakpoint

-- Words in this order. Unless they are `whole`, the last one may go on.
CREATE FUNCTION message_query(words text, whole boolean) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  query tsquery := phraseto_tsquery('parley', message_text(words));
BEGIN
  RETURN CASE WHEN whole OR numnode(query) = 0 THEN query ELSE (query::text || ':*')::tsquery END;
END $$;--> statement-breakpoint

-- terms: [{not, any: [{words, whole}]}]; all of them must fit. No text in it is read as syntax.
-- query: all of it; null where it asks for no word at all.
-- parts: of each term that must be there, what the index can tell: its words in any order.
-- likes: what a text must hold to fit, by far the cheapest to see.
CREATE FUNCTION search_query(terms jsonb, OUT query tsquery, OUT parts tsquery[], OUT likes text[]) LANGUAGE plpgsql STABLE AS $$
DECLARE
  term jsonb;
  choice jsonb;
  words tsquery;
  part tsquery;
BEGIN
  likes := '{}';
  FOR term IN SELECT jsonb_array_elements(terms) LOOP
    part := NULL;
    FOR choice IN SELECT jsonb_array_elements(term -> 'any') LOOP
      words := message_query(choice ->> 'words', (choice ->> 'whole')::boolean);
      IF numnode(words) > 0 THEN part := coalesce(part || words, words); END IF;
    END LOOP;
    CONTINUE WHEN part IS NULL;
    query := CASE WHEN (term ->> 'not')::boolean THEN coalesce(query && !!part, !!part) ELSE coalesce(query && part, part) END;
    CONTINUE WHEN (term ->> 'not')::boolean;
    parts := parts || replace(part::text, '<->', '&')::tsquery;
    IF jsonb_array_length(term -> 'any') = 1 THEN
      likes := likes || ARRAY(SELECT '%' || lower(word) || '%' FROM unnest(tsvector_to_array(message_words(choice ->> 'words'))) AS word);
    END IF;
  END LOOP;
  IF parts IS NULL THEN query := NULL; END IF;
END $$;--> statement-breakpoint

-- Finds the newest messages that fit the terms, among those that the viewer may read, beyond a place in the list.
--
-- in_chat, by_sender: null for all. In one chat the place is before_number alone, else all three; null for the first page.
--
-- Common words are found by walking back through the newest messages, rare ones by the index, which would bring too much of a common word.
-- Which of the two it is shows on the way: a short walk; the index, up to a limit; a long walk; and what is left (words that were common
-- long ago) by the index without a limit. Whoever can read little is read through. The settings leave one way for each statement,
-- whatever the planner believes of the tables.
CREATE FUNCTION search_messages(
  viewer bigint, terms jsonb, in_chat bigint, by_sender bigint, before_at timestamptz, before_chat bigint, before_number bigint, wanted integer
)
RETURNS TABLE (chat_id bigint, number bigint)
LANGUAGE plpgsql STABLE ROWS 20
SET enable_seqscan = off SET enable_sort = off SET jit = off SET max_parallel_workers_per_gather = 0 SET work_mem = '32MB' SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
  query tsquery;
  parts tsquery[];
  likes text[];
  chats bigint[];
  lows bigint[];
  readable bigint;
  walk integer;
  cap integer;
  key tsquery;
  key_is_all boolean;
  candidates bigint;
  found_chats bigint[];
  found_numbers bigint[];
BEGIN
  SELECT q.query, q.parts, q.likes INTO query, parts, likes FROM search_query(terms) AS q;
  SELECT array_agg(m.chat_id), array_agg(m.history_from) INTO chats, lows
  FROM member m WHERE m.user_id = viewer AND m.to_seq IS NULL AND (in_chat IS NULL OR m.chat_id = in_chat);
  IF query IS NULL OR chats IS NULL THEN RETURN; END IF;
  IF cardinality(chats) <= 64 THEN
    SELECT array_agg(l.chat), array_agg(l.low), sum(greatest(0, s.message_no - l.low + 1)) INTO chats, lows, readable
    FROM unnest(chats, lows) AS l (chat, low) JOIN stream s ON s.id = l.chat;
  END IF;

  FOR round IN 1 .. 2 LOOP
    walk := CASE round WHEN 1 THEN 2000 ELSE 30000 END;
    cap := CASE round WHEN 1 THEN 12000 END;

    -- The walk: through little by the numbers of all its chats, through one chat by its numbers, through much by time.
    IF readable <= 5000 THEN
      SELECT array_agg(h.chat_id), array_agg(h.number) INTO found_chats, found_numbers
      FROM (
        SELECT x.chat_id, x.number
        FROM (
          SELECT x.*
          FROM unnest(chats, lows) AS r (chat, low) CROSS JOIN LATERAL (SELECT * FROM message x WHERE x.chat_id = r.chat AND x.number >= r.low OFFSET 0) AS x
          WHERE before_number IS NULL OR CASE WHEN in_chat IS NULL THEN (x.created_at, x.chat_id, x.number) < (before_at, before_chat, before_number) ELSE x.number < before_number END
          ORDER BY CASE WHEN in_chat IS NULL THEN x.created_at END DESC, x.chat_id DESC, x.number DESC OFFSET 0
        ) AS x
        WHERE (by_sender IS NULL OR x.sender_id = by_sender) AND lower(unaccent(x.body)) LIKE ALL (likes) AND message_words(x.body) @@ query
        LIMIT wanted
      ) AS h;
      EXIT;
    ELSIF in_chat IS NOT NULL THEN
      SELECT array_agg(h.chat_id), array_agg(h.number) INTO found_chats, found_numbers
      FROM (
        SELECT x.chat_id, x.number
        FROM (
          SELECT * FROM message x
          WHERE x.chat_id = in_chat AND x.number >= lows[1] AND (before_number IS NULL OR x.number < before_number)
          ORDER BY x.chat_id DESC, x.number DESC LIMIT walk
        ) AS x
        WHERE (by_sender IS NULL OR x.sender_id = by_sender) AND lower(unaccent(x.body)) LIKE ALL (likes) AND message_words(x.body) @@ query
        LIMIT wanted
      ) AS h;
    ELSE
      SELECT array_agg(h.chat_id), array_agg(h.number) INTO found_chats, found_numbers
      FROM (
        SELECT x.chat_id, x.number
        FROM (
          SELECT * FROM message x
          WHERE before_number IS NULL OR (x.created_at, x.chat_id, x.number) < (before_at, before_chat, before_number)
          ORDER BY x.created_at DESC, x.chat_id DESC, x.number DESC LIMIT walk
        ) AS x
        WHERE x.chat_id = ANY (chats) AND (by_sender IS NULL OR x.sender_id = by_sender)
          AND lower(unaccent(x.body)) LIKE ALL (likes) AND message_words(x.body) @@ query
          AND x.number >= (SELECT m.history_from FROM member m WHERE m.chat_id = x.chat_id AND m.user_id = viewer)
        LIMIT wanted
      ) AS h;
    END IF;
    EXIT WHEN cardinality(found_chats) >= wanted;

    -- The index, asked for the rarest of the words as far as the newest messages tell: to gather all places of a common beginning
    -- costs more than to look whether a text has it.
    IF key IS NULL THEN
      WITH sample AS MATERIALIZED (
        SELECT message_words(n.body) AS words FROM (SELECT x.body FROM message x ORDER BY x.created_at DESC, x.chat_id DESC, x.number DESC LIMIT 300) AS n
      ), counted AS (
        SELECT p.part, count(s.words) AS count, row_number() OVER (ORDER BY count(s.words), p.place) AS rank
        FROM unnest(parts) WITH ORDINALITY AS p (part, place) LEFT JOIN sample s ON s.words @@ p.part GROUP BY p.part, p.place
      )
      SELECT string_agg('(' || c.part::text || ')', ' & ')::tsquery, count(*) = cardinality(parts) AND query::text !~ '[<!]' INTO key, key_is_all
      FROM counted c WHERE c.rank = 1 AND by_sender IS NULL OR c.rank <= 3 AND c.count <= 6;
      IF by_sender IS NOT NULL THEN
        key := coalesce(key && ('@s' || to_hex(by_sender))::tsquery, ('@s' || to_hex(by_sender))::tsquery);
      END IF;
      IF readable IS NOT NULL THEN
        key := key && (SELECT string_agg('@c' || to_hex(c), '|') FROM unnest(chats) AS c)::tsquery;
      END IF;
    END IF;
    WITH candidate AS MATERIALIZED (
      SELECT x.chat_id, x.number, x.created_at, x.body
      FROM (SELECT * FROM message x WHERE message_keys(x.chat_id, x.sender_id, x.body) @@ key OFFSET 0) AS x
      WHERE x.chat_id = ANY (chats) AND (by_sender IS NULL OR x.sender_id = by_sender)
        AND (before_number IS NULL OR CASE WHEN in_chat IS NULL THEN (x.created_at, x.chat_id, x.number) < (before_at, before_chat, before_number) ELSE x.number < before_number END)
      LIMIT cap
    )
    SELECT (SELECT count(*) FROM candidate), array_agg(h.chat_id), array_agg(h.number) INTO candidates, found_chats, found_numbers
    FROM (
      SELECT x.chat_id, x.number
      FROM (
        SELECT * FROM candidate x WHERE cap IS NULL OR (SELECT count(*) FROM candidate) < cap
        ORDER BY CASE WHEN in_chat IS NULL THEN x.created_at END DESC, x.chat_id DESC, x.number DESC OFFSET 0
      ) AS x
      WHERE (key_is_all OR lower(unaccent(x.body)) LIKE ALL (likes) AND message_words(x.body) @@ query)
        AND x.number >= (SELECT m.history_from FROM member m WHERE m.chat_id = x.chat_id AND m.user_id = viewer)
      LIMIT wanted
    ) AS h;
    EXIT WHEN cap IS NULL OR candidates < cap;
  END LOOP;

  RETURN QUERY SELECT f.chat_id, f.number FROM unnest(found_chats, found_numbers) AS f (chat_id, number);
END $$;

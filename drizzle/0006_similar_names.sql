-- People with names like these words, each of which is misspelt at most: for when nobody's name begins like them. 0.3 lets two neighbouring
-- letters change places in a word of five. The setting holds for this function alone, and is what the index on search_text is asked by.
CREATE FUNCTION similar_users(words text[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SET pg_trgm.word_similarity_threshold = 0.3
BEGIN ATOMIC
  SELECT id FROM users WHERE deleted_at IS NULL AND search_text %> ALL (words);
END;

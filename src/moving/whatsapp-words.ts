// What WhatsApp writes in place of something, in the languages of most telephones: English, German, Spanish, French, Portuguese, Italian, Dutch.

/** Marks that direct text and are not seen. WhatsApp puts one before what it says itself. */
export const MARKS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g
export const OWN_WORDS = /^\u200e/

const DELETED = [
  'this message was deleted', 'you deleted this message', 'this message was deleted by admin',
  'diese nachricht wurde gelöscht', 'du hast diese nachricht gelöscht',
  'se eliminó este mensaje', 'este mensaje fue eliminado', 'eliminaste este mensaje',
  'ce message a été supprimé', 'vous avez supprimé ce message',
  'esta mensagem foi apagada', 'mensagem apagada', 'você apagou esta mensagem', 'apagou esta mensagem',
  'questo messaggio è stato eliminato', 'hai eliminato questo messaggio',
  'dit bericht is verwijderd', 'u hebt dit bericht verwijderd', 'je hebt dit bericht verwijderd',
]

/** Whether a text only tells that the message was deleted. */
export function tellsDeletion(text: string): boolean {
  const plain = text.replace(MARKS, '').trim().toLowerCase().replace(/\.$/, '')
  return DELETED.includes(plain) || /^this message was deleted by admin /.test(plain)
}

/** Stands behind a text that was edited. */
export const EDITED = /\s*\u200e?<(?:this message was edited|diese nachricht wurde bearbeitet|se editó este mensaje|ce message a été modifié|mensagem editada|questo messaggio è stato modificato|dit bericht is bewerkt)\.?>\s*$/iu

/** Stands for a file that was left out of the export: always in marks or brackets. */
export function tellsOmission(text: string): boolean {
  const plain = text.replace(MARKS, '').trim()
  if (/^<[^<>\n]{3,40}>$/.test(plain)) return /^<.*(omitted|ausgeschlossen|weggelassen|omitido|omis|oculta|omesso|omessi|weggelaten)>$/i.test(plain)
  return OWN_WORDS.test(text) && /^[^\n]{2,40} (omitted|weggelassen|ausgelassen|omitid[oa]|omise?|ocultad?[oa]|omess[oa]|weggelaten)$/i.test(plain)
}

/** The file that a first line names, as the two systems write it; the second group is what else stands there. */
export const ATTACHED = {
  /** `IMG-20210312-WA0001.jpg (file attached)`, in the words of any language. */
  behind: /^\u200e?(?<name>[^\n]*?\.[A-Za-z0-9]{1,8}) \((?<said>[^()\n]{4,40})\)$/u,
  /** `<attached: 00000012-PHOTO-2021-03-12-10-15-30.jpg>`, behind the caption of a document. */
  brackets: /^(?<before>.*?)\s*\u200e?<(?<said>[^<>:\n]{3,30}?)\s?:\s(?<name>[^<>\n]+\.[A-Za-z0-9]{1,8})>\s*$/u,
}

/** What English telephones say of a file that is there. */
export const SAYS_ATTACHED = /^(file )?attached$/i

/** A place, by its link. */
export const PLACE = /^\u200e?[^\n:]{3,20}: https:\/\/maps\.google\.com\/\?q=(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)$/

/** What WhatsApp says itself where neither a mark nor a missing name tells it. */
export const NOTICE = /^(messages and calls are end-to-end encrypted|messages to this (chat|group) .* are (now )?secured|nachrichten und anrufe sind ende-zu-ende-verschlüsselt|los mensajes y (las )?llamadas están cifrados|les messages et (les )?appels sont chiffrés|as mensagens e (as )?(chamadas|ligações) são protegidas|i messaggi e le chiamate sono crittografati|berichten en oproepen worden end-to-end)/i

/** How exports are called, with the name of the chat behind: `WhatsApp Chat with Hiking.zip`. */
export const FILE_TITLE = /whatsapp\b.*?\s(?:with|mit|con|avec|com|met|de|-)\s+(.+?)(?:\s\(\d+\))?(?:\.(?:txt|zip))?$/i

/** Tells that somebody left a group, or was taken out of it; the first group is who. */
const DEPARTURES = [
  /^(.+) left$/, /^.+ removed (.+)$/,
  /^(.+) hat die Gruppe verlassen$/, /^.+ hat (.+) entfernt$/,
  /^(.+) salió(?: del grupo)?$/, /^.+ eliminó a (.+)$/,
  /^(.+) a quitté(?: le groupe)?$/, /^.+ a retiré (.+)$/,
  /^(.+) saiu(?: do grupo)?$/, /^.+ removeu (.+)$/,
  /^(.+) ha abbandonato(?: il gruppo)?$/, /^.+ ha rimosso (.+)$/,
  /^(.+) heeft de groep verlaten$/, /^.+ heeft (.+) verwijderd$/,
]

/** Who has left by what a notice tells; null where it tells something else. */
export function departureIn(notice: string): string | null {
  // Some telephones put who does it in front, as if they said it.
  const plain = notice.replace(/^[^:\n]{1,100}:\s(?=\u200e)/u, '').replace(MARKS, '').replace(/\s+/gu, ' ').trim().replace(/\.$/, '')
  for (const pattern of DEPARTURES) {
    const [, who] = pattern.exec(plain) ?? []
    if (who !== undefined) return who
  }
  return null
}

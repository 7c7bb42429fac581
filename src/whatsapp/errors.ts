import type { ApiError } from './payload-error.ts'

/** How long to wait before each next attempt: `firstSeconds`, then `factor` times the last, never more than `maxSeconds`; after `attempts` of them it has failed. */
export interface Backoff {
  firstSeconds: number
  factor: number
  maxSeconds: number
  attempts: number
}

/** What to do about one error of Meta's. */
export interface Treatment {
  /**
   * RETRY: send the same again, after `backoff`. UPLOAD_AGAIN: the file too, once. USE_PHONE: send to the phone number, if there is one, rather than
   * to the user id. WINDOW_CLOSED: only a template may be sent now. FAIL: this message has failed. STOP: so will every other, until a person has acted.
   */
  action: 'RETRY' | 'UPLOAD_AGAIN' | 'USE_PHONE' | 'WINDOW_CLOSED' | 'FAIL' | 'STOP'
  /** What waits, or stops, with it: this message alone, all to this contact, all of this phone number, or all of the account. */
  holds: 'MESSAGE' | 'CONTACT' | 'NUMBER' | 'ACCOUNT'
  /** With RETRY and UPLOAD_AGAIN; null otherwise. */
  backoff: Backoff | null
  /** Whether somebody who runs the server has to hear of it. */
  alert: boolean
  /** What an agent is told of a FAILED message: whether trying again by hand can help, as it is or a while later. */
  retryCanHelp: boolean
  /** With `retryCanHelp`: no sooner than this after it failed. */
  retryAfterSeconds: number
  /** What happened and what to do about it, in plain words. */
  text: string
}

const HOUR = 3600
const DAY = 24 * HOUR

/** Meta is away or busy: minutes rather than days, as somebody is waiting for the answer. */
const PATIENT: Backoff = { firstSeconds: 2, factor: 3, maxSeconds: 300, attempts: 6 }
/** Too fast: soon again, then slower; a queue that is slow is better than one that failed. */
const THROTTLED: Backoff = { firstSeconds: 1, factor: 2, maxSeconds: 300, attempts: 12 }
/** The limit of calls counts by the hour. */
const HOURLY: Backoff = { firstSeconds: 60, factor: 2, maxSeconds: 900, attempts: 8 }
/** Meta asks for 4^n seconds between two messages to the same recipient. */
const PAIR: Backoff = { firstSeconds: 1, factor: 4, maxSeconds: 1024, attempts: 7 }
const ONCE: Backoff = { firstSeconds: 2, factor: 1, maxSeconds: 2, attempts: 1 }

const retry = (holds: Treatment['holds'], backoff: Backoff, text: string): Treatment => ({ action: 'RETRY', holds, backoff, alert: false, retryCanHelp: true, retryAfterSeconds: 0, text })
/** Sent again as it is, it fails again. */
const fail = (text: string, more: Partial<Treatment> = {}): Treatment => ({ action: 'FAIL', holds: 'MESSAGE', backoff: null, alert: false, retryCanHelp: false, retryAfterSeconds: 0, text, ...more })
/** It may do later, by hand: not before the time is over. */
const later = (retryAfterSeconds: number, text: string, more: Partial<Treatment> = {}): Treatment => fail(text, { retryCanHelp: true, retryAfterSeconds, ...more })
/** What waits can go once a person has set it right. */
const stop = (holds: Treatment['holds'], text: string): Treatment => fail(text, { action: 'STOP', holds, alert: true, retryCanHelp: true })
/** Ours to mend: no agent can. */
const bug = (text: string): Treatment => fail(text, { alert: true })
const template = (text: string): Treatment => fail(text, { alert: true })

const PERMISSION = stop('ACCOUNT', 'The access token lacks a permission. An administrator has to grant it in Meta’s business settings.')

/**
 * Every error code of Meta's that Parley knows, with its treatment. Their meaning is that of Meta's list of error codes for the Cloud API, as
 * pywa (errors.py), niswey.com and developers.kaleyra.io repeat it; 131043, 133004 and 133010 were not checked against the list itself. The waiting
 * times of 131056 and 131049 are Meta's, the others are ours.
 */
export const TREATMENTS: ReadonlyMap<number, Treatment> = new Map<number, Treatment>([
  // Who we are.
  [0, stop('ACCOUNT', 'Meta does not accept the access token. An administrator has to make a new one.')],
  [190, stop('ACCOUNT', 'The access token has expired. An administrator has to make a new one.')],
  [3, PERMISSION],
  [10, PERMISSION],
  [131005, PERMISSION],
  ...Array.from({ length: 100 }, (_, index) => [200 + index, PERMISSION] as const),

  // Too much at once.
  [4, retry('ACCOUNT', HOURLY, 'Too many calls to Meta; the message waits.')],
  [80007, retry('ACCOUNT', HOURLY, 'Too many calls for the business account; the message waits.')],
  [130429, retry('NUMBER', THROTTLED, 'The number sends faster than Meta allows; the message waits.')],
  [131056, retry('CONTACT', PAIR, 'Too many messages to this customer in a short time; the message waits.')],
  [131048, later(HOUR, 'Meta limits this number, as too many of its messages were blocked or reported as spam.', { holds: 'NUMBER', alert: true })],
  [131049, later(DAY, 'Meta did not deliver this, to keep the customer from too much advertising. Wait at least a day.')],
  [131064, later(DAY, 'Meta limits this number after templates that broke its rules.', { holds: 'NUMBER', alert: true })],

  // The customer.
  [131047, fail('More than 24 hours have passed since the customer’s last message. Only a template can be sent until they write again.', { action: 'WINDOW_CLOSED', holds: 'CONTACT' })],
  [131026, fail('It cannot be delivered: the number is not on WhatsApp, or its app is too old or has not accepted the new terms.')],
  [130472, fail('Meta keeps this customer from messages of this kind, as part of an experiment.')],
  [131050, fail('The customer does not want advertising from this business.')],
  [130497, fail('The account may not write to customers in this country.', { alert: true })],
  [131030, fail('A test number may only write to the numbers on its list. An administrator can add this one.', { alert: true, retryCanHelp: true })],
  [131021, fail('The number would write to itself.')],
  [131062, fail('This customer cannot be reached by their WhatsApp user id here; it takes a phone number.', { action: 'USE_PHONE' })],
  [137000, fail('The customer’s WhatsApp was set up anew since. Make sure that it is still them, then send it again.', { retryCanHelp: true })],
  [131043, later(0, 'The customer’s phone was away for longer than WhatsApp keeps a message.')],

  // What is sent.
  [131051, fail('WhatsApp does not take messages of this kind.')],
  [131052, fail('Meta could not fetch the file.', { action: 'UPLOAD_AGAIN', backoff: ONCE, retryCanHelp: true })],
  [131053, fail('Meta could not take the file. Its kind or its size may not suit WhatsApp.', { action: 'UPLOAD_AGAIN', backoff: ONCE, retryCanHelp: true })],
  [131008, bug('Something is missing in what Parley sent to Meta.')],
  [131009, bug('Meta does not accept a value that Parley sent.')],
  [100, bug('Meta does not accept what Parley sent.')],

  // Templates.
  [132000, template('The number of values does not fit the template.')],
  [132001, template('There is no such template in this language, or it is not approved.')],
  [132005, template('The text of the template is too long with these values.')],
  [132007, template('The template breaks a rule of WhatsApp’s.')],
  [132008, template('A value does not suit the template.')],
  [132012, template('A value has not the form that the template asks for.')],
  [132015, template('The template is paused, as customers liked it little. It can be changed, or comes back by itself.')],
  [132016, template('The template is disabled for good, as customers liked it little. Use another.')],

  // Meta's own faults.
  [131000, retry('MESSAGE', PATIENT, 'Something went wrong at Meta.')],
  [131016, retry('NUMBER', PATIENT, 'A service of Meta’s is away.')],
  [131057, retry('NUMBER', HOURLY, 'The number is in maintenance at Meta, perhaps to be raised to a higher throughput.')],
  [133004, retry('NUMBER', PATIENT, 'A server of Meta’s is away for the moment.')],
  [1, retry('MESSAGE', PATIENT, 'Something went wrong at Meta.')],
  [2, retry('NUMBER', PATIENT, 'Meta is away or overloaded.')],

  // The account.
  [368, stop('ACCOUNT', 'Meta has blocked the business account, as it broke a rule. An administrator finds more in the WhatsApp Manager.')],
  [131031, stop('ACCOUNT', 'Meta has locked the business account. An administrator finds more in the WhatsApp Manager.')],
  [131042, stop('ACCOUNT', 'There is a problem with the payment method of the business account.')],
  [131045, stop('NUMBER', 'The phone number is not registered properly. An administrator has to register it again.')],
  [131037, stop('NUMBER', 'The phone number has no approved display name.')],
  [133010, stop('NUMBER', 'The phone number is not registered for the Cloud API. An administrator has to register it.')],
  [33, stop('NUMBER', 'The phone number does not exist at Meta any more.')],
  [133016, stop('NUMBER', 'The phone number was registered too often. It can be again after 72 hours.')],
])

/** Codes that Parley does not know: sent again where Meta is to blame (an answer of 500 or more), otherwise failed. */
const UNKNOWN_FAULT = retry('MESSAGE', PATIENT, 'Something went wrong at Meta.')
const UNKNOWN_REFUSAL = fail('Meta refused this, for a reason that Parley does not know.', { alert: true, retryCanHelp: true })

/**
 * What to do about an error. `httpStatus` is that of the answer which brought it; null: it came by webhook. Only for errors in Meta's own
 * shape: those say that nothing was sent. An answer in another shape, or none, leaves open what happened, and nothing may be sent again then.
 */
export function treatmentOf({ code }: Pick<ApiError, 'code'>, httpStatus: number | null = null): Treatment {
  return TREATMENTS.get(code) ?? (httpStatus !== null && httpStatus >= 500 ? UNKNOWN_FAULT : UNKNOWN_REFUSAL)
}

/** Seconds to wait before the attempt after this one (1: the first that failed), or null where there shall be none. */
export function secondsUntilNext(backoff: Backoff | null, failed: number): number | null {
  if (backoff === null || failed < 1 || failed > backoff.attempts) return null
  return Math.min(backoff.maxSeconds, backoff.firstSeconds * backoff.factor ** (failed - 1))
}

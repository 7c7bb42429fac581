/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** What went wrong, for a program to act upon. */
export type ErrorCode =
  /** The present state contradicts it. */
  | 'CONFLICT'
  /** The log-in or token does not fit. */
  | 'INVALID_CREDENTIALS'
  /** A value that no caller may send. */
  | 'INVALID_INPUT'
  /** The viewer sees it but may not do this to it. */
  | 'NOT_ALLOWED'
  /** It does not exist, or the viewer may not see it. */
  | 'NOT_FOUND'
  /** Too often; try again later. */
  | 'RATE_LIMITED'
  /** WhatsApp: only a template may be sent now. */
  | 'REPLY_WINDOW_CLOSED';

/** A place on Earth. */
export type LocationInput = {
  /** Where it is, in words, at most 200 characters. */
  address?: string | null | undefined;
  /** Degrees from -90 (south) to 90 (north). */
  latitude: number;
  /** Degrees from -180 (west) to 180 (east). */
  longitude: number;
  /** What the place is called, at most 200 characters. */
  name?: string | null | undefined;
};

/** A message to send. */
export type SendMessageInput = {
  /** Global IDs of uploads of the viewer, in the order in which they are shown; at most 20. The text is their caption. */
  attachmentIds?: Array<string> | null | undefined;
  /** Global ID of the chat. Exactly one of chatId and recipientId is given. */
  chatId?: string | null | undefined;
  /** A UUID made by the client for this message. The same one again, from any device, answers the first message (`duplicate: true`). */
  clientId: string;
  /** Global ID of a message in any chat of the viewer: what it says now is sent. */
  forwardOfId?: string | null | undefined;
  /** A place to tell. */
  location?: LocationInput | null | undefined;
  /** Global ID of a user, whose direct chat is made if there is none. */
  recipientId?: string | null | undefined;
  /** Global ID of the message in the same chat that this one answers. */
  replyToId?: string | null | undefined;
  /** What to say: 1 to 10,000 Unicode code points. `@username` mentions a member. It may be left out with a location or files, and must be with forwardOfId. */
  text?: string | null | undefined;
};

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { sendMessage: { errors: Array<
      | { __typename: 'Conflict', code: ErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'InvalidCredentials', code: ErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'InvalidInput', code: ErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'NotAllowed', code: ErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'NotFound', code: ErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'RateLimited', retryAfterSeconds: number, code: ErrorCode, message: string, path: Array<string> | null }
      | { __typename: 'ReplyWindowClosed', code: ErrorCode, message: string, path: Array<string> | null }
    > } };

/** What the outbox asks. The types beside it are generated from this text. */
export const SEND_MESSAGE = /* GraphQL */ `
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      errors { __typename code message path ... on RateLimited { retryAfterSeconds } }
    }
  }
`

import { BREAK, visit } from 'graphql'
import type { ASTNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql'

const known = new WeakMap<OperationDefinitionNode, boolean>()

/** Whether an operation asks for `eventCursor` somewhere; its document's fragments count in, and are asked for at the first look only. */
export function selectsEventCursor(operation: OperationDefinitionNode, fragments: () => readonly FragmentDefinitionNode[]): boolean {
  const answer = known.get(operation) ?? [operation, ...fragments()].some(mentionsEventCursor)
  known.set(operation, answer)
  return answer
}

function mentionsEventCursor(node: ASTNode): boolean {
  let found = false
  visit(node, {
    Field(field) {
      if (field.name.value !== 'eventCursor') return undefined
      found = true
      return BREAK
    },
  })
  return found
}

/** What clients do by themselves, whether anybody sits before them or not. */
const AUTOMATIC = new Set(['markDelivered', 'refreshSession'])

/** Whether an operation says nothing of a person being there. */
export function isAutomatic(operation: OperationDefinitionNode): boolean {
  return operation.selectionSet.selections.every((selection) => selection.kind === 'Field' && AUTOMATIC.has(selection.name.value))
}

/** Whether keys pressed there belong to the field: they write, undo and choose in it. */
export const isField = (target: EventTarget | null): target is HTMLElement =>
  target instanceof HTMLElement && target.matches('input:not([type=range], [type=radio]), textarea, select')

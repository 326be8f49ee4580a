const NOT_TEXT = ['checkbox', 'radio', 'range', 'file', 'color', 'button', 'submit', 'reset']
  .map((type) => `[type=${type}]`)
  .join(', ')

/** Whether text is typed there. */
export const isTextField = (target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement =>
  target instanceof HTMLElement && target.matches(`textarea, input:not(${NOT_TEXT})`)

/** Takes over what was typed, as leaving the field does or as its form's button does. The keyboard stays in the field. */
export function commitField(field: HTMLInputElement | HTMLTextAreaElement): void {
  const submit =
    field.form?.querySelector<HTMLButtonElement>('button:is(:not([type]), [type=submit])') ?? null
  if (submit !== null) submit.click()
  else {
    field.blur()
    field.focus()
  }
}

/** Whether keys pressed there belong to the field: they write, undo and choose in it. */
export const isField = (target: EventTarget | null): target is HTMLElement =>
  target instanceof HTMLElement && target.matches('input:not([type=range], [type=radio]), textarea, select')

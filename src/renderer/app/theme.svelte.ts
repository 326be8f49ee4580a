const CHOICES = ['system', 'light', 'dark'] as const
export type ThemeChoice = (typeof CHOICES)[number]

const STORED_AS = 'slr-theme'

/** Light, dark, or as the system has it; remembered by this browser. */
export class Theme {
  choice = $state<ThemeChoice>(
    CHOICES.find((choice) => choice === localStorage.getItem(STORED_AS)) ?? 'system'
  )
  private readonly system = window.matchMedia('(prefers-color-scheme: dark)')
  private systemDark = $state(this.system.matches)

  /** What is shown now; charts redraw when it changes. */
  readonly shown = $derived(this.choice === 'system' ? (this.systemDark ? 'dark' : 'light') : this.choice)

  constructor() {
    this.system.addEventListener('change', (event) => (this.systemDark = event.matches))
    this.apply()
  }

  next(): void {
    this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? 'system'
    localStorage.setItem(STORED_AS, this.choice)
    this.apply()
  }

  private apply(): void {
    if (this.choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.choice
  }
}

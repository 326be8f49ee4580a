import { ThemeChoice } from '../../contract/procedures/shell'

const STORED_AS = 'slr-theme'

/** The theme of the window, which the browser remembers: light, dark or the system's. */
export class Theme {
  choice = $state(ThemeChoice.catch('system').parse(localStorage.getItem(STORED_AS)))
  private readonly system = window.matchMedia('(prefers-color-scheme: dark)')
  private systemDark = $state(this.system.matches)

  /** Theme in use. Charts redraw when it changes. */
  readonly current = $derived(this.choice === 'system' ? (this.systemDark ? 'dark' : 'light') : this.choice)

  constructor() {
    this.system.addEventListener('change', (event) => (this.systemDark = event.matches))
    this.apply()
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice
    localStorage.setItem(STORED_AS, this.choice)
    this.apply()
  }

  private apply(): void {
    if (this.choice === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.choice
  }
}

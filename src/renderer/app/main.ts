import { mount } from 'svelte'
import { z } from 'zod'
import App from './App.svelte'
import { openConnections } from './connection'
import '../ui/styles/palette.css'
import '../ui/styles/theme.css'
import '../ui/styles/letters.css'
import '../ui/styles/controls.css'
import '../ui/styles/parts.css'
import '../ui/styles/answer-grid.css'
import '../ui/styles/popover.css'

// The page's content policy forbids building functions from strings, which zod would otherwise try.
z.config({ jitless: true })

const target = document.getElementById('app')
if (target === null) throw new Error('the page has no #app element')
mount(App, { target, props: { connect: openConnections() } })

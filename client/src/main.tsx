import './app/styles.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { createStore } from './app/store.ts';

const { store, live } = createStore();
const root = document.getElementById('root');
if (root) {
  createRoot(root).render(<App store={store} live={live} />);
}

// The draft as React state, written through to session storage, and sending it.
import { useCallback, useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { outcomeUnknown, problemOf } from '../../api/problem.ts';
import { plural } from '../../components/format.ts';
import { showToast } from '../../components/toasts.ts';
import { usePlaceOrderMutation } from './api.ts';
import { clearDraft, type Draft, loadDraft, newDraft, refused, saveDraft, toRequest } from './draft.ts';

export function useDraft() {
  const [draft, setDraft] = useState(loadDraft);
  const [error, setError] = useState<unknown>(null);
  const [place, { isLoading }] = usePlaceOrderMutation();
  const navigate = useNavigate();
  const latest = useRef(draft);

  /** Storage first: whatever happens to the page, what was sent is written down before it is sent. */
  const keep = useCallback((next: Draft) => {
    latest.current = next;
    saveDraft(next);
    setDraft(next);
  }, []);
  const update = useCallback((change: (draft: Draft) => Draft) => keep(change(latest.current)), [keep]);

  const submit = useCallback(async () => {
    const request = latest.current.sent ?? toRequest(latest.current);
    keep({ ...latest.current, sent: request });
    setError(null);
    const result = await place({ key: latest.current.key, request });
    if (result.data) {
      const { order, replayed } = result.data;
      clearDraft();
      latest.current = newDraft();
      showToast({
        tone: 'success',
        title: `Order ${order.number} placed`,
        message: replayed ? 'It had arrived the first time; it is there once.' : plural(order.lines.length, 'line'),
      });
      navigate(`/orders/${order.id}`, { replace: true });
      return;
    }
    setError(result.error);
    const status = problemOf(result.error)?.status;
    if (outcomeUnknown(result.error) || status === 401) {
      // Perhaps it was placed, or it waits for a new session: only the same may follow, so `sent` stays.
      return;
    }
    if (status === 429 || status === 503) {
      // Certainly not placed and not remembered: the key is as good as new.
      keep({ ...latest.current, sent: null });
      return;
    }
    keep(refused(latest.current));
  }, [keep, navigate, place]);

  // A reload came between sending and the answer: send the same again, with the same key.
  const resumed = useRef(false);
  useEffect(() => {
    if (!resumed.current && latest.current.sent) {
      resumed.current = true;
      void submit();
    }
  }, [submit]);

  const discard = useCallback(() => {
    clearDraft();
    setError(null);
    const fresh = newDraft();
    latest.current = fresh;
    setDraft(fresh);
  }, []);

  return { draft, update, submit, discard, error, isLoading };
}

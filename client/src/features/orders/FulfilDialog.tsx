// Asks how many units of which line leave the stock now. All that is left is offered; Enter sends it.
import { Alert, Button, TextInput } from '@mantine/core';
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { outcomeUnknown } from '../../api/problem.ts';
import type { Order } from '../../api/types.ts';
import { Dialog } from '../../components/Dialog.tsx';
import { ProblemAlert } from '../../components/Feedback.tsx';
import { FormActions, Refusal } from '../../components/FormEnd.tsx';
import { formatQuantity, plural } from '../../components/format.ts';
import classes from './Fulfil.module.css';
import { type AskedLine, stepped, unitsOf } from './fulfil.ts';
import type { Fulfilment } from './use_fulfil.ts';

interface Props {
  order: Order;
  fulfilment: Fulfilment;
  onClose: () => void;
}

export function FulfilDialog({ order, fulfilment, onClose }: Props) {
  const { asked, sent, error, isLoading, submit } = fulfilment;
  const [tried, setTried] = useState(false);
  const units = unitsOf(sent ?? asked);
  const wrong = !sent && asked.some(({ mistake }) => mistake !== '');
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    if (wrong) {
      // It may be far up in a long list.
      event.currentTarget.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
    if (!isLoading && !wrong && units > 0 && (await submit())) {
      onClose();
    }
  };
  if (asked.length === 0 && !sent) {
    return <NothingLeft order={order} onClose={onClose} />;
  }
  return (
    <Dialog title={`Fulfil order ${order.number}`} size="wide" onClose={onClose}>
      <form className={classes.form} onSubmit={(event) => void onSubmit(event)} noValidate>
        <div className={classes.intro}>
          <p>These units leave the stock now. The others stay allocated to the order.</p>
          {!sent && asked.length > 1 && <Choices fulfilment={fulfilment} />}
        </div>
        {sent ? <SentLines sent={sent} /> : <Lines fulfilment={fulfilment} />}
        <Problem error={error} />
        {tried && !wrong && units === 0 && (
          <Refusal>There is nothing to fulfil with zero units. Say how many leave now.</Refusal>
        )}
        <FormActions>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={isLoading}>
            {sent && !isLoading ? 'Send again' : `Fulfil ${plural(units, 'unit')}`}
          </Button>
        </FormActions>
      </form>
    </Dialog>
  );
}

function Choices({ fulfilment: { takeAll, takeNothing } }: { fulfilment: Fulfilment }) {
  return (
    <div className={classes.choices}>
      <Button size="compact-sm" variant="default" onClick={takeAll}>
        All that is left
      </Button>
      <Button size="compact-sm" variant="default" onClick={takeNothing}>
        Nothing
      </Button>
    </div>
  );
}

function Lines({ fulfilment: { asked, type } }: { fulfilment: Fulfilment }) {
  return (
    <ul className={classes.lines} aria-label="Lines to fulfil">
      {asked.map((line, index) => (
        <Line key={line.id} asked={line} first={index === 0} onType={(text) => type(line.id, text)} />
      ))}
    </ul>
  );
}

interface LineProps {
  asked: AskedLine;
  first: boolean;
  onType: (text: string) => void;
}

function Line({ asked, first, onType }: LineProps) {
  const { line, left, text, mistake } = asked;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      onType(stepped(asked, event.key === 'ArrowUp' ? 1 : -1));
    }
  };
  return (
    <li className={classes.line}>
      <div className={classes.product}>
        <strong>{line.sku}</strong>
        <span>
          {line.location} · {formatQuantity(left)} left · {formatQuantity(line.fulfilled)} of{' '}
          {formatQuantity(line.quantity)} fulfilled
        </span>
      </div>
      <TextInput
        aria-label={`Units of ${line.sku} in ${line.location} to fulfil, ${formatQuantity(left)} left`}
        className={classes.quantity}
        inputMode="numeric"
        autoComplete="off"
        maxLength={12}
        {...(first && { 'data-autofocus': true })}
        value={text}
        error={mistake}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => onType(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
    </li>
  );
}

/** What is on its way, or was sent without an answer: it can be sent again, but not changed. */
function SentLines({ sent }: { sent: NonNullable<Fulfilment['sent']> }) {
  return (
    <ul className={classes.lines} aria-label="Lines that were sent">
      {sent.map(({ sku, location, quantity }) => (
        <li key={`${sku} ${location}`} className={classes.line}>
          <div className={classes.product}>
            <strong>{sku}</strong>
            <span>{location}</span>
          </div>
          <span className={classes.sent}>{plural(quantity, 'unit')}</span>
        </li>
      ))}
    </ul>
  );
}

/** Why nothing was fulfilled, or why nobody knows whether it was; and what to do about it. */
function Problem({ error }: { error: unknown }) {
  if (error === null) {
    return null;
  }
  return outcomeUnknown(error) ? (
    <Alert color="yellow" title="No answer from the server" role="alert">
      The units may have been fulfilled. Send it again: it will not be done twice.
    </Alert>
  ) : (
    <ProblemAlert error={error} title="Nothing was fulfilled" />
  );
}

/** Somebody else was quicker while the dialog was open. */
function NothingLeft({ order, onClose }: { order: Order; onClose: () => void }) {
  return (
    <Dialog title={`Fulfil order ${order.number}`} onClose={onClose}>
      <div className={classes.form}>
        <p role="status">Nothing is left to fulfil: the order was changed elsewhere.</p>
        <FormActions>
          <Button variant="default" data-autofocus onClick={onClose}>
            Back
          </Button>
        </FormActions>
      </div>
    </Dialog>
  );
}

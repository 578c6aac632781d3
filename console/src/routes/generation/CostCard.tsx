import type { Generation } from '../../api/types';
import { CopyIcon } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import { type Bill, billOf } from './bill';
import { Card } from './Card';

/** The cost of a request, line by line down to its total. */
export function CostCard({ generation }: { generation: Generation }) {
  const bill = billOf(generation);
  const { estimated, interrupted, suspect, price_version } = generation.portolan;
  const attempts = new Set(bill.lines.map((line) => line.attempt)).size;
  return (
    <Card title="Cost" note={<>Prices of version <span className="ident">{price_version}</span>, fixed when the request came in.</>}>
      {bill.lines.length === 0 && <p>Nothing was charged.</p>}
      <table className="w-full border-collapse">
        <caption className="sr-only">Cost, line by line</caption>
        <tbody className="ident">
          {bill.lines.map((line, index) => (
            <tr key={index}>
              <th scope="row" className="py-1 pr-3 text-left font-normal">
                {attempts > 1 && <span className="text-muted">attempt {line.attempt}: </span>}
                {line.sum}
              </th>
              <td className="num py-1 align-bottom">= {line.amount}</td>
            </tr>
          ))}
          <Totals bill={bill} />
        </tbody>
      </table>
      {!bill.addsUp && (
        <p role="alert" className="mt-3 flex gap-2 text-bad">
          <Icon name="warn" size={20} />
          These lines do not add up to the total. Please report this with the generation’s id.
        </p>
      )}
      {estimated && <p className="mt-3 text-warn">The provider sent no count, so the tokens were counted here.</p>}
      {suspect && <p className="mt-3 text-warn">The provider’s count was out of all proportion and has been limited.</p>}
      {interrupted && <p className="mt-3 text-warn">The answer was interrupted; what had arrived by then was charged.</p>}
    </Card>
  );
}

function Totals({ bill }: { bill: Bill }) {
  const steps: [string, string][] = [];
  if (bill.rounding) steps.push(['Rounded up to a nano-dollar', bill.rounding]);
  if (bill.waiver) steps.push([`Not charged: ${bill.waiver.reason.replaceAll('_', ' ')}`, bill.waiver.amount]);
  if (steps.length > 0) steps.unshift(['Sum', bill.sum]);
  return (
    <>
      {steps.map(([term, amount]) => (
        <tr key={term} className="text-muted">
          <th scope="row" className="py-1 pr-3 text-left font-normal">{term}</th>
          <td className="num py-1 align-bottom">{amount}</td>
        </tr>
      ))}
      <tr className="border-t-2 border-ctl">
        <th scope="row" className="py-1.5 text-left font-sans text-sm font-semibold">Total</th>
        <td className="num py-1.5 font-semibold text-text">
          <span className="inline-flex items-center gap-1">
            {bill.total}
            <CopyIcon text={bill.total} what="total" />
          </span>
        </td>
      </tr>
    </>
  );
}

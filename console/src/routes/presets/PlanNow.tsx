import { useMutation } from '@tanstack/react-query';
import { explain } from '../../api/rules';
import { Button } from '../../ui/Button';
import { ErrorPanel } from '../../ui/states';
import { PlanView } from '../routing/PlanView';
import { type Draft, probeOf } from './config';

/** Asks who would serve a request with this preset, as it stands in the editor. */
export function PlanNow({ draft }: { draft: Draft }) {
  const ask = useMutation({ mutationFn: () => explain(probeOf(draft)) });
  return (
    <section aria-labelledby="plan-now" className="space-y-4 border-t border-line py-6">
      <div>
        <h2 id="plan-now" className="text-md font-semibold">
          What would happen
        </h2>
        <p className="mt-1 max-w-[72ch] text-muted">A plan for a short question with these settings, saved or not. Nobody is called and nothing is charged.</p>
      </div>
      <Button disabled={ask.isPending} onClick={() => ask.mutate()}>
        {ask.isPending ? 'Asking…' : 'Who would serve it?'}
      </Button>
      {ask.isError && <ErrorPanel error={ask.error} what="Such a request would be refused" />}
      {ask.data && <PlanView plan={ask.data} />}
    </section>
  );
}

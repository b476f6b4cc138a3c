import { useEffect, useRef } from "preact/hooks";
import type { BalancedTargetView, ListenerView, LoadBalancerView, PlannedStepView } from "../../contract.ts";
import { certificateText, readingText, sortedTargets, stepMark, targetTone } from "../../view/load-balancer.ts";
import { countOf } from "../../view/words.ts";
import { openHeldId, openLane, snapshot } from "../live/store.ts";

const SHAPES = { good: "●", warning: "◆", alarm: "▲" } as const;

/** The load balancers of a lane as their controller knows them: what they listen on, whom they send to, what is still to be done. */
export function LoadBalancerDrawer() {
  const policy = openLane.value;
  const view = snapshot.value;
  const lane = view?.lanes.find((one) => one.policy === policy);
  const balancers = view?.loadBalancers.filter((one) => one.policy === policy) ?? [];
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (policy === null) dialog.current?.close();
    else if (dialog.current?.open === false) dialog.current.showModal();
  }, [policy]);
  return (
    <dialog
      ref={dialog}
      class="drawer is-wide"
      aria-labelledby="balancers-title"
      data-testid="load-balancer-drawer"
      onClose={() => (openLane.value = null)}
    >
      <div class="drawer-head">
        <h2 id="balancers-title">Load balancers, {lane?.label ?? ""}</h2>
        <button type="button" class="plain-button" onClick={() => (openLane.value = null)}>
          Close
        </button>
      </div>
      {balancers.length === 0 ? (
        <p class="empty">They appear here when the ALB controller has read the account, seconds after it starts.</p>
      ) : (
        balancers.map((balancer) => <LoadBalancer key={balancer.name} balancer={balancer} />)
      )}
    </dialog>
  );
}

function LoadBalancer({ balancer }: { readonly balancer: LoadBalancerView }) {
  return (
    <section aria-label={balancer.name}>
      <h3 class="balancer-name">{balancer.name}</h3>
      <p>
        {balancer.type}, {balancer.scheme}, {balancer.state}
        {balancer.dnsName === null ? null : (
          <>
            <br />
            <span class="balancer-host">{balancer.dnsName}</span>
          </>
        )}
      </p>
      <p class="drawer-note">
        {balancer.doubt === null ? null : (
          <span class="is-warning">
            <span aria-hidden="true">◆</span> {balancer.doubt}.{" "}
          </span>
        )}
        {readingText(balancer.ageSeconds)} {balancer.owners.length === 0 ? "Nobody asks for it." : `For ${balancer.owners.join(", ")}.`}
      </p>
      <h4>Listeners</h4>
      {balancer.listeners.length === 0 ? <p class="empty">None yet.</p> : <Listeners listeners={balancer.listeners} />}
      <h4>Targets</h4>
      {balancer.targets.length === 0 ? <p class="empty">None registered yet.</p> : <Targets targets={balancer.targets} />}
      <h4>Plan</h4>
      {balancer.plan.length === 0 ? <p>Nothing to do: it is as the objects ask.</p> : <Plan steps={balancer.plan} />}
    </section>
  );
}

function Listeners({ listeners }: { readonly listeners: readonly ListenerView[] }) {
  return (
    <ul class="balancer-list" data-testid="listeners">
      {listeners.map((listener) => (
        <li key={listener.port}>
          <strong>
            {listener.protocol} {listener.port}
          </strong>{" "}
          {listener.action}
          {listener.sslPolicy === null ? null : <span class="quiet">, {listener.sslPolicy}</span>}
          {listener.certificates.length === 0 ? null : (
            <ul class="balancer-list">
              {listener.certificates.map((certificate, at) => (
                <li key={certificate.arn} title={certificate.arn}>
                  {at === 0 ? "default: " : ""}
                  {certificateText(certificate)}
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

function Targets({ targets }: { readonly targets: readonly BalancedTargetView[] }) {
  const healthy = targets.filter((target) => target.state === "healthy").length;
  return (
    <>
      <p class="drawer-note">
        {healthy} of {countOf(targets.length, "target")} healthy
      </p>
      <table class="routes-table" data-testid="targets">
        <thead>
          <tr>
            <th scope="col">Target</th>
            <th scope="col">Zone</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {sortedTargets(targets).map((target) => {
            const tone = targetTone(target.state);
            return (
              <tr key={`${target.id}:${target.port}`}>
                <td>
                  {target.id}:{target.port}
                </td>
                <td>{target.zone ?? "–"}</td>
                <td>
                  <span class={`state is-${tone}`}>
                    <span aria-hidden="true">{SHAPES[tone]}</span> {target.state}
                  </span>
                  {target.reason === null ? null : (
                    <span class="quiet">
                      {" "}
                      {target.reason}
                      {target.description === null ? "" : `: ${target.description}`}
                    </span>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

function Plan({ steps }: { readonly steps: readonly PlannedStepView[] }) {
  return (
    <ul class="balancer-list" data-testid="plan">
      {steps.map((step) => (
        <li key={`${step.effect} ${step.text}`}>
          <span class="plan-mark">{stepMark(step.effect)}</span> {step.text} <Held id={step.heldId} text={step.text} />
        </li>
      ))}
    </ul>
  );
}

function Held({ id, text }: { readonly id: string | null; readonly text: string }) {
  if (id === null) return null;
  const show = (): void => {
    openLane.value = null;
    openHeldId.value = id;
  };
  return (
    <button type="button" class="state-button is-warning" aria-label={`held: why ${text} waits`} onClick={show}>
      ◆ held
    </button>
  );
}

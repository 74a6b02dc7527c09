import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Library } from "../store/library.ts";
import { explain } from "../store/notices.ts";
import { keptProject, parseProject } from "../store/project.ts";
import type { HowToSignIn, Stage } from "../store/stage.ts";

/** Asks who signs in to which project. */
export function SignIn({ stage, library }: { stage: Stage; library: Library }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const asking = stage.asking.value;
  useEffect(() => {
    if (asking) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asking]);
  const leave = () => {
    stage.asking.value = false;
  };
  return (
    <dialog ref={dialog} class="confirmation" aria-labelledby="sign-in-title" onClose={leave}>
      {asking && <SignInForm stage={stage} library={library} onEnd={leave} />}
    </dialog>
  );
}

function SignInForm({ stage, library, onEnd }: { stage: Stage; library: Library; onEnd: () => void }) {
  const fault = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const project = library.session.account?.project ?? keptProject();
  const attempt = useRef(new AbortController());
  // Whoever closes the dialog does not want to sign in any more.
  useEffect(() => () => attempt.current.abort(), []);
  const form = useRef<HTMLFormElement>(null);
  const submit = async (how: HowToSignIn) => {
    if (busy.value || form.current?.reportValidity() !== true) return;
    const fields = new FormData(form.current);
    const text = (name: string) => String(fields.get(name) ?? "");
    const { signal } = attempt.current;
    fault.value = undefined;
    busy.value = true;
    try {
      const credentials = { email: text("email").trim(), password: text("password") };
      await stage.signIn(how, parseProject(text("url"), text("key")), credentials, signal);
      onEnd();
    } catch (error) {
      fault.value = explain(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      ref={form}
      class="sign-in"
      // By the button or by Enter in a field, which never makes an account.
      onSubmit={(event) => {
        event.preventDefault();
        void submit("signIn");
      }}
    >
      <h2 id="sign-in-title">Store in the cloud</h2>
      <p class="muted">
        In a Supabase project that has Holdfast's tables: the guide “A store on Supabase in five minutes” makes one.
      </p>
      <Field name="url" label="Project URL">
        <input type="url" {...IDS.url} required defaultValue={project?.url} autocomplete="off" />
      </Field>
      <Field name="key" label="Publishable key">
        <input type="text" {...IDS.key} required defaultValue={project?.key} autocomplete="off" spellcheck={false} />
      </Field>
      <Field name="email" label="Email">
        <input
          type="email"
          {...IDS.email}
          required
          defaultValue={library.session.account?.email}
          autocomplete="username"
        />
      </Field>
      <Field name="password" label="Password">
        <input type="password" {...IDS.password} required autocomplete="current-password" />
      </Field>
      {fault.value !== undefined && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <div class="row end">
        <button type="button" class="button quiet" onClick={onEnd}>
          Cancel
        </button>
        <button type="button" class="button" aria-disabled={busy.value} onClick={() => void submit("signUp")}>
          Create account
        </button>
        <button type="submit" class="button primary" aria-disabled={busy.value}>
          Sign in
        </button>
      </div>
    </form>
  );
}

const IDS = {
  url: { id: "sign-in-url", name: "url" },
  key: { id: "sign-in-key", name: "key" },
  email: { id: "sign-in-email", name: "email" },
  password: { id: "sign-in-password", name: "password" },
} as const;

function Field({ name, label, children }: { name: keyof typeof IDS; label: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={IDS[name].id}>{label}</label>
      {children}
    </div>
  );
}

// One import from the chosen file to the answer: the server looks at the file first, and is asked to change things after.
import { useState } from 'react';
import { useImportProductsMutation } from './api.ts';

export function useImport() {
  const [file, setFile] = useState<File | null>(null);
  const [partial, setPartial] = useState(false);
  const [check, checking] = useImportProductsMutation();
  const [send, applying] = useImportProductsMutation();

  const choose = (chosen: File) => {
    setFile(chosen);
    setPartial(false);
    applying.reset();
    void check({ file: chosen, dryRun: true, partial: false });
  };
  const again = () => {
    setFile(null);
    checking.reset();
    applying.reset();
  };
  const apply = () => {
    if (file) {
      void send({ file, dryRun: false, partial });
    }
  };

  return { file, choose, again, partial, setPartial, checking, applying, apply };
}

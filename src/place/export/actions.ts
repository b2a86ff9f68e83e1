/** Actions of GitHub workflows, each pinned by the full commit of a release: a tag can be moved to other code. */
export const actions = {
  checkout: { uses: 'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd', release: 'v6.0.2' },
  setupNode: { uses: 'actions/setup-node@53b83947a5a98c8d113130e565377fae1a50d02f', release: 'v6.3.0' },
  awsCredentials: {
    uses: 'aws-actions/configure-aws-credentials@ec61189d14ec14c8efccab744f656cffd0e33f37',
    release: 'v6.1.0',
  },
  uploadArtifact: {
    uses: 'actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a',
    release: 'v7.0.1',
  },
} as const;

/** Plugins of Buildkite pipelines by release; an agent checks them out by that tag. */
export const plugins = {
  assumeRole: 'aws-assume-role-with-web-identity#v1.4.0',
  docker: 'docker#v5.13.0',
} as const;

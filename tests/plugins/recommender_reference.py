# Reference values for recommender_test.c: numpy, and V-SKNN with quadratic weights as session-rec has it. Run by hand: python3 THIS.
import numpy as np, math
sessions=[[0,1,2],[1,2,3],[0,3],[2,4,1],[4,5],[0,1,5],[3,2]]
I=6
cur=[0,2]
k,sample=3,5
idf=[math.log(len(sessions)/sum(i in s for s in sessions)) for i in range(I)]
sims=[]
rel=[s for s in range(len(sessions)) if set(sessions[s])&set(cur)]
rel=sorted(rel,reverse=True)[:sample]
n=len(cur)
w={it:((p+1)/n)**2 for p,it in enumerate(cur)}
for s in rel: sims.append((sum(w[i] for i in set(sessions[s])&set(cur))/n, s))
sims.sort(key=lambda x:(-x[0],-x[1])); sims=sims[:k]
print(rel,sims)
sc=[0]*I
for sim,s in sims:
    step=1
    for it in reversed(cur):
        if it in sessions[s]: break
        step+=1
    for it in sessions[s]: sc[it]+=sim*(1+idf[it]*5)/step**2
print('vsknn',[round(x,6) for x in sc])
X=np.zeros((len(sessions),I))
for s,m in enumerate(sessions): X[s,m]=1
G=X.T@X+2*np.eye(I); P=np.linalg.inv(G); B=-P/np.diag(P); np.fill_diagonal(B,0)
np.set_printoptions(precision=6,suppress=True)
print(B); print('row0',B[0].tolist()); x=np.zeros(I); x[[0,2]]=1; print((x@B).tolist())
c=X.sum(0); C=X.T@X
print('cos 1-2',C[1,2]/math.sqrt(c[1]*c[2]),'lift 1-2',C[1,2]*7/(c[1]*c[2]), C[1,2])
# ndcg: ranks 1,3 hit of wanted 3, k=3
print('ndcg',(1+1/2)/(1+1/math.log2(3)+.5), 'recall',2/3)
